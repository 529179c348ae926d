package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.maintenance.rebuild.ActiveRebuilds;
import io.github.notearchive.maintenance.rebuild.RebuildJob;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.repository.support.ResourcelessJobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.dao.DataAccessResourceFailureException;

/** A job whose end cannot be judged is not taken for one that did all it should. */
class ExitStatusListenerTests {

    private final JobStopper gate = new JobStopper();
    private final JobExecution job = new JobExecution(7, new JobInstance(1, RebuildJob.NAME), new JobParameters());

    @BeforeEach
    void open() {
        gate.open();
    }

    @Test
    void failsARebuildWhoseCountsCannotBeRead() {
        RuntimeException away = new DataAccessResourceFailureException("the database is gone");
        job.setStatus(BatchStatus.COMPLETED);
        job.setExitStatus(ExitStatus.COMPLETED);

        new RebuildJob.Bounds(repositoryThatThrows(away), gate, new ActiveRebuilds()).afterJob(job);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.FAILED);
        assertThat(job.getExitStatus().getExitCode()).isEqualTo("UPSTREAM_UNAVAILABLE");
        assertThat(job.getExitStatus().getExitDescription()).contains("the database is gone");
        assertThat(job.getFailureExceptions()).containsExactly(away);
    }

    @Test
    void setsTheComputedStatusOfACompletedJob() {
        Scripted bounds = new Scripted(new ExitStatus("INCOMPLETE", "3 are left"));
        job.setStatus(BatchStatus.COMPLETED);

        bounds.beforeJob(job);
        bounds.afterJob(job);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.COMPLETED);
        assertThat(job.getExitStatus()).isEqualTo(new ExitStatus("INCOMPLETE", "3 are left"));
        assertThat(bounds.seen).containsExactly("execution 7", "complete");
    }

    @Test
    void setsTheStopReasonOfAStoppedJob() {
        Scripted bounds = new Scripted(ExitStatus.COMPLETED);
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is away");
        job.setStatus(BatchStatus.STOPPED);

        bounds.afterJob(job);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.STOPPED);
        assertThat(job.getExitStatus().getExitCode()).isEqualTo("UPSTREAM_UNAVAILABLE");
        assertThat(job.getExitStatus().getExitDescription()).contains("the store is away");
        assertThat(bounds.seen).isEmpty();
    }

    @Test
    void callsOnCheckFailedIfTheStatusCannotBeComputed() {
        Scripted bounds = new Scripted(null);
        job.setStatus(BatchStatus.COMPLETED);

        bounds.afterJob(job);

        assertThat(job.getStatus()).isEqualTo(BatchStatus.FAILED);
        assertThat(bounds.seen).containsExactly("complete", "uncheckable: no answer");
    }

    private static ResourcelessJobRepository repositoryThatThrows(RuntimeException failure) {
        return new ResourcelessJobRepository() {
            @Override
            public StepExecution getLastStepExecution(JobInstance instance, String step) {
                throw failure;
            }
        };
    }

    /** Ends as it is told, and keeps what it was asked; null: it throws. */
    private final class Scripted extends ExitStatusListener {

        private final List<String> seen = new ArrayList<>();
        private final ExitStatus end;

        Scripted(ExitStatus end) {
            super(gate);
            this.end = end;
        }

        @Override
        public void onStart(JobExecution execution) {
            seen.add("execution " + execution.getId());
        }

        @Override
        public ExitStatus whenComplete(JobExecution execution) {
            seen.add("complete");
            if (end == null) {
                throw new IllegalStateException("no answer");
            }
            return end;
        }

        @Override
        public void onCheckFailed(RuntimeException failure) {
            seen.add("uncheckable: " + failure.getMessage());
        }
    }
}
