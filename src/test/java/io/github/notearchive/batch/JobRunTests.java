package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.dao.DataAccessResourceFailureException;

/** Records the execution and its end: the stop reason, the computed status, or the failure. */
class JobRunTests {

    private static final SQLException UNAVAILABLE = new SQLException("the server shuts down", "57P01");

    private final Gate gate = new JobStopper();
    private final JobRun run = new JobRun(gate) {};
    private final JobExecution job = new JobExecution(7, new JobInstance(1, JobNames.REBUILD), new JobParameters());

    @BeforeEach
    void open() {
        gate.open();
    }

    @Test
    void recordsTheExecution() {
        assertThat(notStarted()).isEqualTo("away; nothing was done");

        run.listener(_ -> new StopReason(ExitCode.COMPLETED, "")).beforeJob(job);

        assertThat(run.execution()).contains(job);
        assertThat(notStarted()).isEqualTo("away; execution 7 was started; the next one resumes it");
    }

    private String notStarted() {
        return run.notStarted(new StopReason(ExitCode.UPSTREAM_UNAVAILABLE, "away"), "nothing was done")
                .reason();
    }

    @ParameterizedTest
    @CsvSource({"COMPLETED, INCOMPLETE,           3 remain", "STOPPED,   UPSTREAM_UNAVAILABLE, the store is unavailable"
    })
    void setsTheComputedStatusOfACompletedJobAndTheStopReasonOfAStoppedOne(
            BatchStatus status, String exitCode, String description) {
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable");

        end(status, _ -> new StopReason(ExitCode.INCOMPLETE, "3 remain"));

        assertThat(job.getStatus()).isEqualTo(status);
        assertThat(job.getExitStatus()).isEqualTo(new ExitStatus(exitCode, description));
    }

    @Test
    void failsACompletedJobWhoseStatusCannotBeComputed() {
        RuntimeException unavailable = new DataAccessResourceFailureException("the database is gone");

        end(BatchStatus.COMPLETED, _ -> {
            throw unavailable;
        });

        assertThat(job.getStatus()).isEqualTo(BatchStatus.FAILED);
        assertThat(job.getExitStatus().getExitCode()).isEqualTo("UPSTREAM_UNAVAILABLE");
        assertThat(job.getExitStatus().getExitDescription()).contains("the database is gone");
        assertThat(job.getFailureExceptions()).containsExactly(unavailable);
    }

    /** The exception determines exit code and reason, unless the gate was closed before with the same exit code. */
    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            QUOTA_EXHAUSTED,      57P01, UPSTREAM_UNAVAILABLE, the server shuts down
            UPSTREAM_UNAVAILABLE, 57P01, UPSTREAM_UNAVAILABLE, w7 broke
            INTERRUPTED,          42P01, FAILED,               no such index
            INTERRUPTED,          -,     FAILED,               w7 broke
            -,                    -,     FAILED,               see the log
            -,                    42501, USAGE,                the database denies access: no such index; check the privileges of ARCHIVE_DATABASE_USER
            """)
    void describesAFailure(@Nullable ExitCode closed, @Nullable String state, ExitCode expected, String reason) {
        if (closed != null) {
            gate.close(closed, "w7 broke");
        }
        if (state != null) {
            job.addFailureException(new JobExecutionException("Partition handler returned"));
            SQLException cause = state.equals("57P01") ? UNAVAILABLE : new SQLException("no such index", state);
            job.addFailureException(cause);
            assertThat(StopReason.ofOutside(cause).exitCode()).isEqualTo(expected);
        }

        end(BatchStatus.FAILED, _ -> new StopReason(ExitCode.COMPLETED, ""));

        assertThat(job.getExitStatus()).isEqualTo(new ExitStatus(expected.name(), reason));
    }

    private void end(BatchStatus status, Function<JobExecution, StopReason> whenComplete) {
        job.setStatus(status);
        run.listener(whenComplete).afterJob(job);
    }
}
