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
 * Puts in order what a process of this node left behind that was killed or cut off. Only under the node's runner lock.
 *
 * <p>Executions that say they are running, or of which nobody knows, become FAILED with the exit code {@code CRASHED},
 * and so can be restarted: the worklist and the ledger are the truth about the work, not the step's counters. Spring
 * Batch's own recovery refuses UNKNOWN.
 */
@Component
public class CrashRecovery {

    private static final Logger log = LoggerFactory.getLogger(CrashRecovery.class);
    private static final ExitStatus CRASHED =
            new ExitStatus("CRASHED", "the process ended without writing an end; recovered by the next run");

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
     * Does so for a node.
     *
     * @throws java.io.UncheckedIOException when paid answers may wait in files that nobody may read
     */
    public void recover(String node) {
        endExecutions(NightlyJob.NAME, node);
        // before their notes can be claimed, or they would be asked about again
        List<NoteId> broughtIn = calls.persistSpooled(executions::isRunActive);
        if (!broughtIn.isEmpty()) {
            log.warn(
                    "{} paid answers that could not be written to the database are brought into the ledger from their files",
                    broughtIn.size());
        }
        // other nodes may have postponed these notes until it was known whether there is a response
        claims.setDue(broughtIn);
        claims.setDue(calls.recover(node, clock.instant()));
        int released = claims.releaseAll(node);
        if (released > 0) {
            log.warn("{} notes that node {} held are handed back", released, node);
        }
    }

    /**
     * Ends what the executions of a job left open. Only under the lock of that job.
     *
     * @param node whose they are; null for every node's
     */
    public void endExecutions(String job, @Nullable String node) {
        for (long id : executions.unended(job, node)) {
            JobExecution execution = repository.getJobExecution(id);
            if (execution != null) {
                end(execution);
                log.warn(
                        "Execution {} of {} was left behind by a process that ended; it is marked CRASHED and will be restarted",
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
