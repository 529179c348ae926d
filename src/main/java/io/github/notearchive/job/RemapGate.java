package io.github.notearchive.job;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Whether further answers are read in this remap. Those that were read are written. */
@Component
public class RemapGate extends Gate {

    private static final Logger log = LoggerFactory.getLogger(RemapGate.class);

    @Override
    void closes(Closure closure) {
        log.info("The remap ends, {}: {}", closure.exitCode(), closure.reason());
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
