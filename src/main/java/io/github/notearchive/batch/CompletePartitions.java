package io.github.notearchive.batch;

import java.util.concurrent.FutureTask;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.partition.support.TaskExecutorPartitionHandler;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.StepExecution;

/**
 * Executes partitions and returns when all of them have ended. If a partition cannot be started because the database is
 * unavailable, it is FAILED; the inherited handler would return immediately while other partitions are working.
 */
public final class CompletePartitions extends TaskExecutorPartitionHandler {

    @Override
    protected FutureTask<StepExecution> createTask(Step step, StepExecution partition) {
        return new FutureTask<>(() -> {
            try {
                step.execute(partition);
            } catch (Exception e) {
                partition.setStatus(BatchStatus.FAILED);
                partition.addFailureException(e);
            }
            return partition;
        });
    }
}
