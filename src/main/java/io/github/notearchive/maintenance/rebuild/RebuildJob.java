package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.FoundObject;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.batch.ShardRepository.Scan;
import io.github.notearchive.batch.SharedScan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildRun;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary.SidecarCounts;
import io.github.notearchive.maintenance.rebuild.SidecarReader.OpenSidecar;
import io.github.notearchive.maintenance.verify.BucketShards;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.io.function.IORunnable;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.job.Job;
import org.springframework.stereotype.Component;

/**
 * Job that rebuilds the tables. Its first step lists the files in the bucket, the second one reads the sidecars. Both
 * process shards of consecutive keys, which several nodes share; a shard continues after the last key that was
 * committed with its rows.
 */
@Component
final class RebuildJob {

    private static final String OBJECTS = "rebuildObjects";
    private static final String SIDECARS = "rebuildSidecars";
    private static final String NUMBERS = "rebuildNumbers";

    private static final int OBJECT_CHUNK = 1000;
    private static final int SIDECAR_CHUNK = 50;

    private final JobRunner jobs;
    private final ObjectStore store;
    private final MediaCatalog media;
    private final SidecarReader reader;
    private final SidecarWriter writer;
    private final JobStopper gate;
    private final ShardRepository shards;

    RebuildJob(
            JobRunner jobs,
            ObjectStore store,
            MediaCatalog media,
            SidecarReader reader,
            SidecarWriter writer,
            JobStopper gate,
            ShardRepository shards) {
        this.jobs = jobs;
        this.store = store;
        this.media = media;
        this.reader = reader;
        this.writer = writer;
        this.gate = gate;
        this.shards = shards;
    }

    /** Counts of a shard, and the note of the sidecar that was written last. */
    record RebuildProgress(SidecarCounts found, @Nullable NoteId note) {

        static final RebuildProgress NONE = new RebuildProgress(SidecarCounts.NONE, null);

        RebuildProgress plus(RebuildProgress more) {
            return new RebuildProgress(found.plus(more.found), null);
        }
    }

    /** Only a rebuild of empty tables lists the files of the bucket. */
    boolean isMerge(Scan scan) {
        return !shards.has(scan, OBJECTS);
    }

    /** Returns the shards of a new rebuild. A merge looks up the files of a sidecar individually. */
    List<NewShard> shards(boolean merges) {
        List<NewShard> cut = new ArrayList<>();
        if (!merges) {
            cut.addAll(BucketShards.ofDigests(store, OBJECTS, StoredMedia.PREFIX));
        }
        cut.addAll(BucketShards.ofNotes(store, SIDECARS, Sidecar.PREFIX));
        cut.add(new NewShard(NUMBERS, "", null));
        return cut;
    }

    /** Creates the job; {@code completion} is executed outside of transactions. */
    Job of(RebuildRun run, SharedScan<RebuildProgress> scan, IORunnable completion) {
        writer.begin();
        return jobs.job(JobNames.REBUILD, run, _ -> whenComplete(scan.result().found))
                .start(scan.step(
                        jobs,
                        OBJECTS,
                        OBJECT_CHUNK,
                        shard -> BucketShards.list(store, gate, shard),
                        StoredObject::name,
                        (before, objects) -> {
                            media.insertFound(objects.stream()
                                    .flatMap(object -> FoundObject.of(object).stream())
                                    .toList());
                            return before;
                        }))
                .next(scan.step(
                        jobs,
                        SIDECARS,
                        SIDECAR_CHUNK,
                        shard -> reader.open(BucketShards.list(store, gate, shard), gate),
                        OpenSidecar::name,
                        (before, found) -> {
                            run.progress = before;
                            writer.write(found, run);
                            return run.progress;
                        }))
                .next(scan.step(
                        jobs,
                        NUMBERS,
                        1,
                        _ -> {
                            shards.outsideOfTransactions().executeWithoutResult(_ -> Uncheck.run(completion));
                            return () -> null;
                        },
                        _ -> null,
                        (before, _) -> {
                            writer.finish();
                            return before;
                        }))
                .build();
    }

    private static StopReason whenComplete(SidecarCounts found) {
        return found.refused() + found.lost() + found.repaired() == 0
                ? new StopReason(ExitCode.COMPLETED, "the tables contain every sidecar")
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        "%s rejected, %d restored without their rows, %s not in the bucket"
                                .formatted(
                                        DisplayFormat.plural(found.refused(), "sidecar"),
                                        found.repaired(),
                                        DisplayFormat.plural(found.lost(), "file")));
    }
}
