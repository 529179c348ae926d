package io.github.notearchive.batch;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.nightly.NightlyJob;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.stereotype.Component;

/**
 * Repairs the state left by a process of this node that was killed. Requires the runner lock of the node.
 *
 * <p>Executions in a running state or UNKNOWN become FAILED with exit code {@code CRASHED} and can be restarted:
 * worklist and ledger hold the state of the work, not the step's counters. Spring Batch's own recovery refuses UNKNOWN.
 * Repeating the recovery is safe.
 */
@Component
public class CrashRecovery {

    private static final Logger log = LoggerFactory.getLogger(CrashRecovery.class);
    private static final ExitStatus CRASHED =
            new ExitStatus("CRASHED", "the process ended without recording its end; recovered by the next run");

    private final JobRepository repository;
    private final JobExecutionQueries executions;
    private final CallRepository calls;
    private final ClaimRepository claims;
    private final Clock clock;

    CrashRecovery(
            JobRepository repository,
            JobExecutionQueries executions,
            CallRepository calls,
            ClaimRepository claims,
            Clock clock) {
        this.repository = repository;
        this.executions = executions;
        this.calls = calls;
        this.claims = claims;
        this.clock = clock;
    }

    /**
     * Repairs executions, spooled responses, calls and claims of a node.
     *
     * @throws java.io.UncheckedIOException if spooled responses may exist in files that are not readable
     */
    public void recover(String node) {
        endExecutions(NightlyJob.NAME, node);
        // before their notes can be claimed, or they would be fetched again
        List<NoteId> recovered = calls.persistSpooled(executions::isRunActive);
        if (!recovered.isEmpty()) {
            log.warn("Recovered {} paid responses from spool files", recovered.size());
        }
        // other nodes may have postponed these notes until it was known whether there is a response
        claims.setDue(recovered);
        claims.setDue(calls.recover(node, clock.instant()));
        int released = claims.releaseAll(node);
        if (released > 0) {
            log.warn("Released {} notes claimed by node {}", released, node);
        }
    }

    /**
     * Marks unended executions of a job as CRASHED. Requires the lock of that job.
     *
     * @param node node of the executions; null for all nodes
     */
    public void endExecutions(String job, @Nullable String node) {
        for (long id : executions.unended(job, node)) {
            JobExecution execution = repository.getJobExecution(id);
            if (execution != null) {
                end(execution);
                log.warn(
                        "Execution {} of {} was interrupted by the end of its process; marked CRASHED, will be restarted",
                        id,
                        job);
            }
        }
    }

    private void end(JobExecution execution) {
        LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault()); // as Spring Batch writes it
        for (StepExecution step : execution.getStepExecutions()) {
            if (isUnended(step.getStatus())) {
                step.setStatus(BatchStatus.FAILED);
                step.setExitStatus(CRASHED);
                step.setEndTime(now);
                repository.update(step);
            }
        }
        if (isUnended(execution.getStatus())) {
            execution.setStatus(BatchStatus.FAILED);
            execution.setExitStatus(CRASHED);
            execution.setEndTime(now);
            repository.update(execution);
        }
    }

    private static boolean isUnended(BatchStatus status) {
        return status.isRunning() || status == BatchStatus.UNKNOWN;
    }
}
