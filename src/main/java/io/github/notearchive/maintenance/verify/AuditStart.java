package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Checks whether an audit can start, and joins the open one or cuts a new one into shards. */
@Component
final class AuditStart {

    private final JobExecutionQueries executions;
    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final AuditRepository catalog;
    private final ShardRepository shards;

    AuditStart(
            JobExecutionQueries executions,
            ObjectStore store,
            ArchiveRevision revision,
            AuditRepository catalog,
            ShardRepository shards) {
        this.executions = executions;
        this.store = store;
        this.revision = revision;
        this.catalog = catalog;
        this.shards = shards;
    }

    /** Joins the open audit or begins one; returns why that is not possible. */
    Optional<StopReason> refusal(AuditRun audit) {
        if (executions.isRebuildUnfinished()) {
            return Optional.of(new StopReason(
                    ExitCode.USAGE,
                    "a rebuild of the tables is not finished, so that files would be reported as orphans; "
                            + "finish it with note-archive rebuild"));
        }
        try {
            store.requireBucket();
            Optional<String> difference = revision.difference();
            if (difference.isEmpty()) {
                audit.share(shards.join(JobNames.VERIFY, audit.startedAt, this::cut));
            }
            return difference.map(reason -> new StopReason(ExitCode.USAGE, reason));
        } catch (StoreException e) {
            return Optional.of(new StopReason(
                    e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
    }

    private List<NewShard> cut() {
        List<NewShard> cut = new ArrayList<>(BucketShards.ofDigests(store, VerifyJob.BUCKET, StoredMedia.PREFIX));
        cut.addAll(BucketShards.ofNotes(store, VerifyJob.BUCKET, Sidecar.PREFIX));
        VerifyJob.STEPS.forEach((step, area) -> {
            List<String> bounds = catalog.bounds(area);
            for (int i = 1; i < bounds.size(); i++) {
                cut.add(new NewShard(step, bounds.get(i - 1), bounds.get(i)));
            }
        });
        cut.add(new NewShard(VerifyJob.LOG, "", null));
        cut.add(new NewShard(VerifyJob.TABLES, "", null));
        return cut;
    }
}
