package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.batch.CurrentStep;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.store.StoreException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.scope.context.ChunkContext;
import org.springframework.batch.core.step.StepContribution;
import org.springframework.batch.core.step.tasklet.Tasklet;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.stereotype.Component;

/**
 * Removes the orphans that this audit has seen, if that was asked for, a few in each transaction. An audit that goes on
 * looks at those again that were seen before it was asked to remove any.
 */
@Component
class OrphanRemoval implements Tasklet {

    private static final Logger log = LoggerFactory.getLogger(OrphanRemoval.class);

    private static final int PAGE = 100;
    private static final String PLACE = "after";

    private final AuditRepository catalog;
    private final Repairs repairs;
    private final ActiveAudits audits;
    private final JobStopper gate;

    OrphanRemoval(AuditRepository catalog, Repairs repairs, ActiveAudits audits, JobStopper gate) {
        this.catalog = catalog;
        this.repairs = repairs;
        this.audits = audits;
        this.gate = gate;
    }

    @Override
    public @Nullable RepeatStatus execute(StepContribution contribution, ChunkContext chunk) {
        ActiveAudit audit = audits.current();
        if (!audit.options().deleteOrphans()) {
            return RepeatStatus.FINISHED;
        }
        ExecutionContext context = chunk.getStepContext().getStepExecution().getExecutionContext();
        List<String> names = catalog.orphans(audit.since(), context.getString(PLACE, ""), PAGE);
        for (String name : names) {
            if (gate.isClosed()) {
                CurrentStep.end();
                return RepeatStatus.CONTINUABLE;
            }
            remove(audit, name);
            contribution.incrementWriteCount(1);
            context.putString(PLACE, name);
        }
        return names.isEmpty() ? RepeatStatus.FINISHED : RepeatStatus.CONTINUABLE;
    }

    private void remove(ActiveAudit audit, String name) {
        Optional<String> left;
        try {
            left = repairs.remove(name);
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                audit.storeFails(e, true, gate);
            }
            left = Optional.of(String.valueOf(e.getMessage()));
        }
        if (left.isPresent()) {
            audit.orphansLeft.add(name + ": " + left.get());
        } else {
            audit.orphansRemoved.add(name);
            log.warn("ORPHAN {}: removed", name);
        }
    }
}
