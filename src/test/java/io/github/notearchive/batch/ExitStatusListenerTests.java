package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.dao.DataAccessResourceFailureException;

class ExitStatusListenerTests {

    private final JobRun run = new JobRun(new JobStopper()) {};
    private final JobExecution job = new JobExecution(7, new JobInstance(1, JobNames.REBUILD), new JobParameters());

    @Test
    void recordsTheExecution() {
        assertThat(run.restartHint("nothing was done")).isEqualTo("nothing was done");

        new ExitStatusListener(run, _ -> null).beforeJob(job);

        assertThat(run.execution()).contains(job);
        assertThat(run.restartHint("nothing was done")).isEqualTo("execution 7 was started; the next one resumes it");
    }

    @Test
    void setsTheComputedStatusOfACompletedJob() {
        end(BatchStatus.COMPLETED, new StopReason(ExitCode.INCOMPLETE, "3 remain"));

        assertThat(job.getStatus()).isEqualTo(BatchStatus.COMPLETED);
        assertThat(job.getExitStatus()).isEqualTo(new ExitStatus("INCOMPLETE", "3 remain"));
    }

    @Test
    void setsTheStopReasonOfAStoppedJob() {
        run.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable");

        end(BatchStatus.STOPPED, null);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.STOPPED);
        assertThat(job.getExitStatus()).isEqualTo(new ExitStatus("UPSTREAM_UNAVAILABLE", "the store is unavailable"));
    }

    @Test
    void failsACompletedJobWhoseStatusCannotBeComputed() {
        RuntimeException unavailable = new DataAccessResourceFailureException("the database is gone");
        job.setStatus(BatchStatus.COMPLETED);

        new ExitStatusListener(run, _ -> {
                    throw unavailable;
                })
                .afterJob(job);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.FAILED);
        assertThat(job.getExitStatus().getExitCode()).isEqualTo("UPSTREAM_UNAVAILABLE");
        assertThat(job.getExitStatus().getExitDescription()).contains("the database is gone");
        assertThat(job.getFailureExceptions()).containsExactly(unavailable);
    }

    private void end(BatchStatus status, StopReason whenComplete) {
        job.setStatus(status);
        new ExitStatusListener(run, _ -> whenComplete).afterJob(job);
    }
}
