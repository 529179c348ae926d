package io.github.notearchive.batch;

import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.listener.JobExecutionListener;

/**
 * Start and end that all jobs have in common: registers the execution with its observers, and sets the exit status that
 * operators read. The exit status of a stopped job is the stop reason of its gate; that of a completed job is computed
 * by the job.
 *
 * <p>If it cannot be computed, the execution is FAILED with the exception, so that the job is restarted: Spring Batch
 * would log an exception of its listener and leave the job COMPLETED.
 */
public abstract class ExitStatusListener implements JobExecutionListener {

    private final Gate gate;

    public ExitStatusListener(Gate gate) {
        this.gate = gate;
    }

    @Override
    public final void beforeJob(JobExecution job) {
        onStart(job);
    }

    @Override
    public final void afterJob(JobExecution job) {
        if (job.getStatus() == BatchStatus.STOPPED) {
            gate.stopReason().ifPresent(stop -> job.setExitStatus(stop.exitStatus()));
        } else if (job.getStatus() == BatchStatus.COMPLETED) {
            try {
                job.setExitStatus(whenComplete(job));
            } catch (RuntimeException e) {
                onCheckFailed(e);
                job.setStatus(BatchStatus.FAILED);
                job.addFailureException(e);
                job.setExitStatus(failedStatus(job));
            }
        } else if (job.getStatus() == BatchStatus.FAILED) {
            job.setExitStatus(failedStatus(job));
        }
    }

    /** Returns exit code and reason in one line, instead of the exception of a step. */
    private ExitStatus failedStatus(JobExecution job) {
        return new ExitStatus(JobStarter.exitCodeOf(job, gate).name(), JobStarter.whyFailed(job, gate));
    }

    /**
     * Registers the execution with its observers.
     *
     * @param job the execution that was started
     */
    public abstract void onStart(JobExecution job);

    /** Returns the exit status of a completed job, computed from its remaining work or findings. */
    public abstract ExitStatus whenComplete(JobExecution job);

    /** Called if {@link #whenComplete} throws an exception. */
    public void onCheckFailed(RuntimeException failure) {}
}
