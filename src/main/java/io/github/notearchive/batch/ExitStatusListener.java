package io.github.notearchive.batch;

import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.listener.JobExecutionListener;

/**
 * The beginning and the end that all jobs have in common: the execution is named to all who write it down, and gets the
 * exit status that operators read. That is the gate's for one that was stopped, and for one that came to its end what
 * the job itself finds.
 *
 * <p>When that cannot be found, the execution is FAILED with the exception, so that the job is begun again: Spring
 * Batch would log what its listener throws, and leave the job COMPLETED.
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

    /** The exit code of the process and its reason in a line, not the exception of a step. */
    private ExitStatus failedStatus(JobExecution job) {
        return new ExitStatus(JobStarter.exitCodeOf(job, gate).name(), JobStarter.whyFailed(job, gate));
    }

    /**
     * Names the execution to all who write it down.
     *
     * @param job what was just begun
     */
    public abstract void onStart(JobExecution job);

    /** The exit status of a job that came to its end, by what it has left or found. */
    public abstract ExitStatus whenComplete(JobExecution job);

    /** What else is done when {@link #whenComplete} cannot be told. */
    public void onCheckFailed(RuntimeException failure) {}
}
