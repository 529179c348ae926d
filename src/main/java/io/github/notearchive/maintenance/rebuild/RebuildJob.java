package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.ExitStatusListener;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.maintenance.verify.BucketReader;
import io.github.notearchive.media.MediaType;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.configuration.annotation.StepScope;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * The job {@value #NAME} as Spring Batch sees it: first the files in the bucket, by listing them, then the sidecars,
 * each read. Both steps go by the keys in their order, and a restart goes on behind the last one that was committed
 * with its rows.
 */
@Configuration(proxyBeanMethods = false)
public class RebuildJob {

    /** The name of the job. */
    public static final String NAME = "rebuildArchive";

    /** Parameter of an instance that merges into tables with rows; does not identify it. */
    static final String MISSING = "missing";

    /** The name of the step that reads the sidecars. */
    static final String SIDECARS = "rebuildSidecars";

    private static final String OBJECTS = "rebuildObjects";
    private static final int OBJECTS_AT_ONCE = 1000;
    private static final int SIDECARS_AT_ONCE = 50;

    @Bean
    @StepScope
    BucketReader rebuildObjectsReader(ObjectStore store, JobStopper gate, ActiveRebuilds rebuilds) {
        // of the files that a sidecar adds to tables with rows, each is looked up by itself
        return rebuilds.current().merges()
                ? new BucketReader(store, gate)
                : new BucketReader(store, gate, StoredMedia.PREFIX);
    }

    @Bean
    Step rebuildObjects(
            JobRepository repository,
            PlatformTransactionManager transactions,
            BucketReader rebuildObjectsReader,
            MediaCatalog media) {
        return new StepBuilder(OBJECTS, repository)
                .<ListedObject, ListedObject>chunk(OBJECTS_AT_ONCE)
                .transactionManager(transactions)
                .reader(rebuildObjectsReader)
                .writer(objects -> media.insertFound(files(objects)))
                .build();
    }

    /** Those that are files of ours; others are left where they are. */
    private static Map<StoredMedia, Instant> files(Chunk<? extends ListedObject> objects) {
        Map<StoredMedia, Instant> files = new LinkedHashMap<>();
        for (ListedObject object : objects) {
            Optional<ObjectKey> key = ObjectKey.parse(object.name());
            Optional<String> sha256 = key.flatMap(StoredMedia::digestIn);
            if (sha256.isPresent() && object.size() > 0) {
                files.put(
                        new StoredMedia(sha256.get(), key.orElseThrow(), object.size(), contentType(object.name())),
                        object.modified());
            }
        }
        return files;
    }

    /** A listing does not tell; the ending was made from the type. */
    private static String contentType(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1);
        return Arrays.stream(MediaType.values())
                .filter(type -> type.extension().equals(extension))
                .findFirst()
                .map(MediaType::contentType)
                .orElse("application/octet-stream");
    }

    @Bean
    @StepScope
    BucketReader rebuildSidecarsReader(ObjectStore store, JobStopper gate) {
        return new BucketReader(store, gate, Sidecar.PREFIX);
    }

    @Bean
    Step rebuildSidecars(
            JobRepository repository,
            PlatformTransactionManager transactions,
            BucketReader rebuildSidecarsReader,
            SidecarWriter writer,
            RebuildCounts counts) {
        return new StepBuilder(SIDECARS, repository)
                        .<ListedObject, ListedObject>chunk(SIDECARS_AT_ONCE)
                        .transactionManager(transactions)
                        .reader(rebuildSidecarsReader)
                        .writer(writer)
                        .stream(counts)
                        .build();
    }

    @Bean
    Job rebuildArchive(
            JobRepository repository,
            Step rebuildObjects,
            Step rebuildSidecars,
            JobStopper gate,
            ActiveRebuilds rebuilds) {
        return new JobBuilder(NAME, repository)
                .start(rebuildObjects)
                .next(rebuildSidecars)
                .listener(new Bounds(repository, gate, rebuilds))
                .build();
    }

    /** What the sidecars of an instance came to, by its last execution that read any. */
    static RebuildSummary.Found found(JobRepository repository, JobExecution job) {
        StepExecution step = repository.getLastStepExecution(job.getJobInstance(), SIDECARS);
        return step == null ? RebuildSummary.Found.NONE : RebuildCounts.found(step.getExecutionContext());
    }

    /** A rebuild that could not use all that it met is INCOMPLETE. */
    public static final class Bounds extends ExitStatusListener {

        private final JobRepository repository;
        private final ActiveRebuilds rebuilds;

        public Bounds(JobRepository repository, JobStopper gate, ActiveRebuilds rebuilds) {
            super(gate);
            this.repository = repository;
            this.rebuilds = rebuilds;
        }

        @Override
        public void onStart(JobExecution job) {
            rebuilds.current().startExecution(job.getId());
        }

        @Override
        public ExitStatus whenComplete(JobExecution job) {
            RebuildSummary.Found found = found(repository, job);
            return found.refused() + found.lost() == 0
                    ? new ExitStatus(ExitCode.COMPLETED.name())
                    : new ExitStatus(
                            ExitCode.INCOMPLETE.name(),
                            found.refused()
                                    + " sidecars were refused, and "
                                    + found.lost()
                                    + " files are not in the bucket");
        }
    }
}
