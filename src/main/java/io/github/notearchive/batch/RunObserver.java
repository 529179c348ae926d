package io.github.notearchive.batch;

/**
 * Observer of the progress of a run. An exception is logged and ignored. The methods must return at once, since they
 * are called by the thread that maintains the claims of the run.
 */
public interface RunObserver {

    /**
     * Called before an execution starts: the lock of the node is held; provider, database and store are available.
     *
     * @param restart whether the execution resumes an unfinished job instance
     */
    void onStart(boolean restart);

    /** Called each minute, and once after the execution has ended. */
    void onProgress(RunCounts counts);
}
