package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;

/** Exit code and reason of failed executions, also after an earlier stop reason. */
class JobResultTests {

    private static final SQLException UNAVAILABLE = new SQLException("the server shuts down", "57P01");

    private final JobStopper gate = new JobStopper();
    private final JobExecution job = new JobExecution(7, new JobInstance(1, JobNames.NIGHTLY), new JobParameters());

    @BeforeEach
    void fails() {
        gate.open();
        job.setStatus(BatchStatus.FAILED);
        job.addFailureException(new JobExecutionException("Partition handler returned"));
    }

    @Test
    void reportsAServerOutageDuringTheEndOfARun() {
        gate.close(ExitCode.QUOTA_EXHAUSTED, "the provider's daily quota is used up");
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "w7 broke: the server shuts down");
        job.addFailureException(UNAVAILABLE);

        assertThat(JobResult.failure(job, gate))
                .isEqualTo(new StopReason(ExitCode.UPSTREAM_UNAVAILABLE, "the server shuts down"));
    }

    @Test
    void reportsAnExceptionDuringTheEndOfARun() {
        gate.close(ExitCode.INTERRUPTED, "SIGTERM");
        job.addFailureException(new IllegalStateException("no such index"));

        assertThat(JobResult.failure(job, gate)).isEqualTo(new StopReason(ExitCode.FAILED, "no such index"));
    }

    @Test
    void mapsAMissingPrivilegeToUsage() {
        SQLException refused = new SQLException("permission denied for table note", "42501");
        job.addFailureException(refused);

        assertThat(JobResult.failure(job, gate))
                .isEqualTo(
                        new StopReason(
                                ExitCode.USAGE,
                                "the database denies access: permission denied for table note; check the privileges of ARCHIVE_DATABASE_USER"));
        assertThat(StopReason.ofOutside(refused).exitCode()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void reportsTheStopReasonIfItHasTheSameExitCode() {
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "w7 broke: the server shuts down");
        job.addFailureException(UNAVAILABLE);

        assertThat(JobResult.failure(job, gate).reason()).isEqualTo("w7 broke: the server shuts down");
    }

    @Test
    void fallsBackToTheStopReasonWithoutException() {
        JobExecution silent = new JobExecution(8, new JobInstance(1, JobNames.NIGHTLY), new JobParameters());
        silent.setStatus(BatchStatus.FAILED);

        assertThat(JobResult.failure(silent, gate).reason()).isEqualTo("see the log");
        gate.close(ExitCode.INTERRUPTED, "SIGTERM");
        assertThat(JobResult.failure(silent, gate).reason()).isEqualTo("SIGTERM");
    }
}
