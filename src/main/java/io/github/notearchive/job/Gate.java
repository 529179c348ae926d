package io.github.notearchive.job;

import java.util.Optional;

/** What ends a job before its work is done: it closes once, with a reason. */
interface Gate {

    /** Why a job ends before its work is done. */
    record Closure(ExitCode exitCode, String reason) {}

    /**
     * Ends the job in order.
     *
     * @return whether this was the reason that closed it
     */
    boolean close(ExitCode exitCode, String reason);

    /** Why it is closed; empty while it is open. */
    Optional<Closure> closure();
}
