package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.ExitStatusListener;
import io.github.notearchive.batch.JobStopper;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * The job {@value #NAME} as Spring Batch sees it: one step, whose item is a page of answers, so that what a transaction
 * writes is bounded by the answers' length and not by their number alone.
 */
@Configuration(proxyBeanMethods = false)
public class RemapJob {

    /** The name of the job and of its step. */
    public static final String NAME = "remapNotes";

    @Bean
    Step remapNotesStep(
            JobRepository repository, PlatformTransactionManager transactions, RemapReader reader, RemapWriter writer) {
        return new StepBuilder(NAME, repository)
                .<Page, Page>chunk(1)
                .transactionManager(transactions)
                .reader(reader)
                .writer(writer)
                .build();
    }

    @Bean
    Job remapNotes(JobRepository repository, Step remapNotesStep, JobStopper gate, ActiveRemaps remaps) {
        return new JobBuilder(NAME, repository)
                .start(remapNotesStep)
                .listener(new Bounds(gate, remaps))
                .build();
    }

    /** A remap that could not read all answers is INCOMPLETE. */
    private static final class Bounds extends ExitStatusListener {

        private final ActiveRemaps remaps;

        Bounds(JobStopper gate, ActiveRemaps remaps) {
            super(gate);
            this.remaps = remaps;
        }

        @Override
        public void onStart(JobExecution job) {
            remaps.current().startExecution(job.getId());
        }

        @Override
        public ExitStatus whenComplete(JobExecution job) {
            long unreadable = remaps.current().unreadable();
            return unreadable == 0
                    ? new ExitStatus(ExitCode.COMPLETED.name())
                    : new ExitStatus(ExitCode.INCOMPLETE.name(), unreadable + " stored answers do not hold their note");
        }
    }
}
