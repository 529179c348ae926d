package io.github.notearchive.batch;

import java.util.function.Function;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.listener.JobExecutionListener;

/**
 * Start and end that all jobs have in common: records the execution in the state of the run, and sets the exit status
 * that operators read. The exit status of a stopped job is the stop reason of its gate; that of a completed job is
 * computed by the job.
 *
 * <p>If it cannot be computed, the execution is FAILED with the exception, so that the job is restarted: Spring Batch
 * would log an exception of its listener and leave the job COMPLETED.
 */
public final class ExitStatusListener implements JobExecutionListener {

    private final JobRun run;
    private final Function<JobExecution, StopReason> whenComplete;

    /** @param whenComplete returns exit code and reason of a completed job, from its remaining work or findings */
    public ExitStatusListener(JobRun run, Function<JobExecution, StopReason> whenComplete) {
        this.run = run;
        this.whenComplete = whenComplete;
    }

    @Override
    public void beforeJob(JobExecution job) {
        run.start(job);
    }

    @Override
    public void afterJob(JobExecution job) {
        if (job.getStatus() == BatchStatus.STOPPED) {
            run.gate().stopReason().ifPresent(stop -> job.setExitStatus(stop.exitStatus()));
        } else if (job.getStatus() == BatchStatus.COMPLETED) {
            try {
                job.setExitStatus(whenComplete.apply(job).exitStatus());
            } catch (RuntimeException e) {
                job.setStatus(BatchStatus.FAILED);
                job.addFailureException(e);
            }
        }
        if (job.getStatus() == BatchStatus.FAILED) {
            job.setExitStatus(JobResult.failure(job, run.gate()).exitStatus());
        }
    }
}
