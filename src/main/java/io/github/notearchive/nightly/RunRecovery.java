package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Repairs what earlier runs of this node left. Idempotent. Requires the runner lock of the node. */
@Component
final class RunRecovery {

    private static final Logger log = LoggerFactory.getLogger(RunRecovery.class);

    private final JobRunner jobs;
    private final JobExecutionQueries executions;
    private final CallRepository calls;
    private final ClaimRepository claims;
    private final Clock clock;

    RunRecovery(
            JobRunner jobs, JobExecutionQueries executions, CallRepository calls, ClaimRepository claims, Clock clock) {
        this.jobs = jobs;
        this.executions = executions;
        this.calls = calls;
        this.claims = claims;
        this.clock = clock;
    }

    /**
     * Repairs the state left by a killed run: executions, spooled responses, calls and claims.
     *
     * @throws java.io.UncheckedIOException if spooled responses may exist in files that are not readable
     */
    void recover(String node) {
        jobs.recover(NightlyJob.NAME, node);
        // before their notes can be claimed, or they would be fetched again
        List<NoteId> recovered = calls.persistSpooled(executions::isRunActive);
        if (!recovered.isEmpty()) {
            log.warn("Recovered {} from spool files", DisplayFormat.plural(recovered.size(), "paid response"));
        }
        // other nodes may have postponed these notes until it was known whether there is a response
        claims.setDue(recovered);
        claims.setDue(calls.recover(node, clock.instant()));
        int released = claims.releaseAll(node, List.of());
        if (released > 0) {
            log.warn("Released {} claimed by node {}", DisplayFormat.plural(released, "note"), node);
        }
    }
}
