package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.maintenance.rebuild.RebuildSummary.Found;
import io.github.notearchive.maintenance.verify.BucketReader;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.stereotype.Component;

/**
 * Assembles the job of a rebuild: the first step lists the files in the bucket, the second one reads the sidecars. Both
 * process the keys in order, and a restart continues after the last one that was committed with its rows.
 */
@Component
record RebuildJob(JobRunner jobs, ObjectStore store, MediaCatalog media, SidecarWriter writer) {

    private static final int OBJECT_CHUNK = 1000;
    private static final int SIDECAR_CHUNK = 50;

    Job of(RebuildRun run) {
        // a merge looks up the files of a sidecar individually
        String[] areas = run.merges() ? new String[0] : new String[] {StoredMedia.PREFIX};
        BucketReader objects = new BucketReader(store, run.gate(), areas);
        BucketReader sidecars = new BucketReader(store, run.gate(), Sidecar.PREFIX);
        return jobs.job(JobNames.REBUILD, run, _ -> whenComplete(run.stored()))
                .start(jobs.<StoredObject>chunks(
                                "rebuildObjects", OBJECT_CHUNK, objects, chunk -> media.insertFound(files(chunk)))
                        .build())
                .next(jobs
                        .<StoredObject>chunks(
                                "rebuildSidecars", SIDECAR_CHUNK, sidecars, chunk -> writer.write(chunk, run))
                        .stream(run)
                        .build())
                .build();
    }

    /** Returns the files of the archive; other objects are ignored. */
    private static Map<StoredMedia, Instant> files(Chunk<? extends StoredObject> objects) {
        Map<StoredMedia, Instant> files = new LinkedHashMap<>();
        for (StoredObject object : objects) {
            Optional<ObjectKey> key = ObjectKey.parse(object.name());
            Optional<String> sha256 = key.flatMap(StoredMedia::digestIn);
            if (sha256.isPresent() && object.size() > 0) {
                String contentType = MediaType.ofName(object.name())
                        .map(MediaType::contentType)
                        .orElse("application/octet-stream");
                files.put(
                        new StoredMedia(sha256.get(), key.orElseThrow(), object.size(), contentType),
                        object.modified());
            }
        }
        return files;
    }

    private static StopReason whenComplete(Found found) {
        return found.refused() + found.lost() == 0
                ? new StopReason(ExitCode.COMPLETED, "the tables contain every sidecar")
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        "%d sidecars were refused, and %d files are not in the bucket"
                                .formatted(found.refused(), found.lost()));
    }
}
