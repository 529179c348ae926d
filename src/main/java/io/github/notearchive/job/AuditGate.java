package io.github.notearchive.job;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether objects are still taken up in this audit. What is being read when it closes is put down,
 * since it can be read again.
 */
@Component
public class AuditGate extends Gate {

    private static final Logger log = LoggerFactory.getLogger(AuditGate.class);

    @Override
    void closes(Closure closure) {
        log.info("The audit ends, {}: {}", closure.exitCode(), closure.reason());
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
