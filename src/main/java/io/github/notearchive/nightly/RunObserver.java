package io.github.notearchive.nightly;

/**
 * Is told how a run goes on, so that it can tell others. What it throws is logged and changes nothing; it is expected
 * to return at once, since the run's own upkeep waits for it.
 */
public interface RunObserver {

    /**
     * An execution is about to begin: the node's lock is held, and provider, database and store were reached.
     *
     * @param restart whether it continues an unfinished instance
     */
    void begins(boolean restart);

    /** What was done so far: each minute, and once more when the execution has ended. */
    void goesOn(RunCounts counts);
}
