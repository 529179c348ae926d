package io.github.notearchive.batch;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether more is taken up in a job that asks no provider. What is under way when it closes is put down, since it can
 * be taken up again.
 */
@Component
public class JobStopper extends Gate {

    private static final Logger log = LoggerFactory.getLogger(JobStopper.class);

    @Override
    public void onClose(StopReason stop) {
        log.info("The job ends, {}: {}", stop.exitCode(), stop.reason());
    }

    /**
     * Takes a signal.
     *
     * @param signal its name, for people to read
     */
    public void stop(String signal) {
        interrupt(signal);
    }
}
