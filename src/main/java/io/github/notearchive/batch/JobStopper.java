package io.github.notearchive.batch;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Gate of the jobs that make no provider calls. Work in progress is abandoned when it closes, since it can be repeated.
 */
@Component
public class JobStopper extends Gate {

    private static final Logger log = LoggerFactory.getLogger(JobStopper.class);

    @Override
    public void onClose(StopReason stop) {
        log.info("Stopping: {} ({})", stop.exitCode(), stop.reason());
    }

    /**
     * Handles a signal.
     *
     * @param signal name of the signal
     */
    public void stop(String signal) {
        interrupt(signal);
    }
}
