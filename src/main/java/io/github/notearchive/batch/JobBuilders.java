package io.github.notearchive.batch;

import io.micrometer.observation.ObservationRegistry;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.builder.ChunkOrientedStepBuilder;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.core.step.builder.TaskletStepBuilder;
import org.springframework.batch.core.step.tasklet.Tasklet;
import org.springframework.batch.infrastructure.item.ItemReader;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Creates the builders of jobs and steps. A job is assembled for each run, from parts with the state of the run; so it
 * is no bean, and the observations of Spring Batch's metrics are set here.
 */
@Component
public class JobBuilders {

    private final JobRepository repository;
    private final PlatformTransactionManager transactions;
    private final ObservationRegistry observations;

    JobBuilders(JobRepository repository, PlatformTransactionManager transactions, ObservationRegistry observations) {
        this.repository = repository;
        this.transactions = transactions;
        this.observations = observations;
    }

    public JobBuilder job(String name, ExitStatusListener listener) {
        return new JobBuilder(name, repository)
                .observationRegistry(observations)
                .listener(listener);
    }

    public StepBuilder step(String name) {
        return new StepBuilder(name, repository).observationRegistry(observations);
    }

    /** Returns a step that reads and writes chunks, one transaction each. */
    public <T> ChunkOrientedStepBuilder<T, T> chunks(
            String name, int size, ItemReader<? extends T> reader, ItemWriter<? super T> writer) {
        return step(name)
                .<T, T>chunk(size)
                .transactionManager(transactions)
                .reader(reader)
                .writer(writer)
                .observationRegistry(observations);
    }

    public TaskletStepBuilder tasklet(String name, Tasklet tasklet) {
        return step(name).tasklet(tasklet, transactions);
    }
}
