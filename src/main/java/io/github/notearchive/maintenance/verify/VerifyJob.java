package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.ExitStatusListener;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectStore;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.configuration.annotation.StepScope;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.core.step.tasklet.Tasklet;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * The job {@value #NAME} as Spring Batch sees it: the bucket's own list, which takes the least, the files, the
 * sidecars, and the tables among themselves, one step after the other.
 *
 * <p>What ends an audit early stands in the {@link JobStopper}; a restart passes over the steps that are done and goes
 * on in the one that is not.
 */
@Configuration(proxyBeanMethods = false)
public class VerifyJob {

    /** The name of the job. */
    public static final String NAME = "verifyArchive";

    /**
     * Verdicts written by one transaction. What a killed audit has to read again is no more than that and what it read
     * ahead.
     */
    static final int CHUNK = 25;

    /** Names of the bucket's list that are compared by one query. */
    private static final int LIST_CHUNK = 500;

    private static final Logger log = LoggerFactory.getLogger(VerifyJob.class);

    @Bean
    @StepScope
    VerdictReader verifyFilesReader(
            AuditRepository catalog,
            ObjectCheck check,
            ObjectStore store,
            JobStopper gate,
            ActiveAudits audits,
            FixityProperties settings) {
        return new VerdictReader(catalog::files, check, store, gate, audits.current(), settings.parallel());
    }

    @Bean
    @StepScope
    VerdictReader verifySidecarsReader(
            AuditRepository catalog,
            ObjectCheck check,
            ObjectStore store,
            JobStopper gate,
            ActiveAudits audits,
            FixityProperties settings) {
        return new VerdictReader(catalog::sidecars, check, store, gate, audits.current(), settings.parallel());
    }

    @Bean
    Step verifyFiles(
            JobRepository repository,
            PlatformTransactionManager transactions,
            VerdictReader verifyFilesReader,
            VerdictWriter writer) {
        return verdicts("verifyFiles", repository, transactions, verifyFilesReader, writer);
    }

    @Bean
    Step verifySidecars(
            JobRepository repository,
            PlatformTransactionManager transactions,
            VerdictReader verifySidecarsReader,
            VerdictWriter writer) {
        return verdicts("verifySidecars", repository, transactions, verifySidecarsReader, writer);
    }

    private static Step verdicts(
            String name,
            JobRepository repository,
            PlatformTransactionManager transactions,
            VerdictReader reader,
            VerdictWriter writer) {
        return new StepBuilder(name, repository)
                .<Verdict, Verdict>chunk(CHUNK)
                .transactionManager(transactions)
                .reader(reader)
                .writer(writer)
                // a restart reads what counts as never verified since the step was done
                .allowStartIfComplete(true)
                .build();
    }

    @Bean
    @StepScope
    BucketReader verifyBucketReader(ObjectStore store, JobStopper gate) {
        return new BucketReader(store, gate, StoredMedia.PREFIX, Sidecar.PREFIX);
    }

    @Bean
    Step verifyBucket(
            JobRepository repository,
            PlatformTransactionManager transactions,
            BucketReader verifyBucketReader,
            BucketWriter writer) {
        return new StepBuilder("verifyBucket", repository)
                .<ListedObject, ListedObject>chunk(LIST_CHUNK)
                .transactionManager(transactions)
                .reader(verifyBucketReader)
                .writer(writer)
                .build();
    }

    @Bean
    Step removeOrphans(JobRepository repository, PlatformTransactionManager transactions, OrphanRemoval removal) {
        return new StepBuilder("removeOrphans", repository)
                .tasklet(removal, transactions)
                // it has nothing to do until it is asked to
                .allowStartIfComplete(true)
                .build();
    }

    @Bean
    Step verifyTables(
            JobRepository repository,
            PlatformTransactionManager transactions,
            AuditRepository catalog,
            Repairs repairs,
            ActiveAudits audits,
            Clock clock) {
        Tasklet tasklet = (_, _) -> {
            ActiveAudit audit = audits.current();
            Instant now = clock.instant();
            // in a transaction of its own, which would wait for a run that waits for the
            // rows that the step's transaction changes below
            catalog.deleteUnusedDamaged(now);
            recordUnrecorded(catalog, repairs, audit, now);
            catalog.resolveUnseenSince(audit.since(), now);
            return RepeatStatus.FINISHED;
        };
        return new StepBuilder("verifyTables", repository)
                .tasklet(tasklet, transactions)
                .build();
    }

    private static void recordUnrecorded(AuditRepository catalog, Repairs repairs, ActiveAudit audit, Instant now) {
        List<String> keys = catalog.recordUnrecorded(now, audit.jobExecutionId());
        for (String key : keys) {
            log.warn("UNRECORDED {}: a slot is STORED, but media_object has no such row", key);
            if (audit.options().repair()) {
                VerdictWriter.count(audit, repairs.repairUnrecorded(key, audit.notesMadeDue.get()));
            }
        }
    }

    @Bean
    Job verifyArchive(
            JobRepository repository,
            Step verifyFiles,
            Step verifySidecars,
            Step verifyBucket,
            Step removeOrphans,
            Step verifyTables,
            JobStopper gate,
            ActiveAudits audits,
            AuditRepository catalog) {
        return new JobBuilder(NAME, repository)
                .start(verifyBucket)
                .next(removeOrphans)
                .next(verifyFiles)
                .next(verifySidecars)
                .next(verifyTables)
                .listener(new Bounds(gate, audits, catalog))
                .build();
    }

    /** An audit after which something is wrong ends with FINDINGS. */
    private static final class Bounds extends ExitStatusListener {

        private final ActiveAudits audits;
        private final AuditRepository catalog;

        Bounds(JobStopper gate, ActiveAudits audits, AuditRepository catalog) {
            super(gate);
            this.audits = audits;
            this.catalog = catalog;
        }

        @Override
        public void onStart(JobExecution job) {
            audits.current().startExecution(job.getId());
        }

        @Override
        public ExitStatus whenComplete(JobExecution job) {
            long open = catalog.countOpen().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            return open == 0
                    ? new ExitStatus(ExitCode.COMPLETED.name())
                    : new ExitStatus(ExitCode.FINDINGS.name(), open + " findings are open; fixity_finding has them");
        }
    }
}
