package io.github.notearchive.nightly;

import io.github.notearchive.batch.JobExecutionQueries;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.Entity;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.dao.OptimisticLockingFailureException;

/**
 * Job repository of the steps of the nightly job.
 *
 * <p>The update of a step after each chunk, of its counts alone, is not written at once: {@link #writeCounts} writes
 * the counts of all steps together. The counts of a step that has ended are exact, since its last update is written by
 * Spring Batch; those of a killed process are as old as the last call of that method.
 *
 * <p>Other updates are written, and repeated during an outage of the database, by {@link OutageRetry}: otherwise a step
 * whose update fails is FAILED or UNKNOWN.
 */
final class NightlyJobRepository {

    private final OutageRetry outages;
    private final JobExecutionQueries executions;
    private final JobRepository repository;

    /** Active steps with counts that are not written. */
    private final Set<StepExecution> counted = ConcurrentHashMap.newKeySet();

    NightlyJobRepository(JobRepository repository, OutageRetry outages, JobExecutionQueries executions) {
        this.outages = outages;
        this.executions = executions;
        ProxyFactory factory = new ProxyFactory(new Class<?>[] {JobRepository.class});
        factory.setTarget(repository);
        factory.addAdvice((MethodInterceptor) this::execute);
        this.repository = (JobRepository) factory.getProxy(NightlyJobRepository.class.getClassLoader());
    }

    JobRepository repository() {
        return repository;
    }

    /** Writes the counts that have changed since the last call. After a failure the next call repeats it. */
    void writeCounts() {
        List<StepExecution> steps = List.copyOf(counted);
        if (steps.isEmpty()) {
            return;
        }
        // before their counts are read: a chunk that ends meanwhile adds its step again
        steps.forEach(counted::remove);
        try {
            executions.writeCounts(steps);
        } catch (RuntimeException e) {
            counted.addAll(steps);
            throw e;
        }
    }

    private @Nullable Object execute(MethodInvocation call) throws Throwable {
        if (!call.getMethod().getName().startsWith("update")
                || !(call.getArguments()[0] instanceof Entity entity)
                || entity.getVersion() == null) {
            return call.proceed();
        }
        if (entity instanceof StepExecution step) {
            if (isAfterChunk(step)) {
                counted.add(step);
                return null;
            }
            counted.remove(step);
        }
        Update update = new Update(call, entity, entity.getVersion());
        return outages.<@Nullable Object>call(update::proceed, update::again);
    }

    /** Returns whether a step is active and has ended a chunk; its execution context never changes. */
    private static boolean isAfterChunk(StepExecution step) {
        return step.getStatus() == BatchStatus.STARTED && step.getCommitCount() > 0;
    }

    /**
     * An update whose repeats expect the version of the row before the first attempt, or a later one: an attempt may
     * have been committed although it failed.
     */
    private static final class Update {

        private final MethodInvocation call;
        private final Entity entity;
        private final int version;
        private int failed;

        Update(MethodInvocation call, Entity entity, int version) {
            this.call = call;
            this.entity = entity;
            this.version = version;
        }

        @Nullable
        Object again() {
            failed++;
            for (int committed = 0; committed < failed; committed++) {
                entity.setVersion(version + committed);
                try {
                    return proceed();
                } catch (OptimisticLockingFailureException _) {
                    // that many attempts and at least one more were committed
                }
            }
            entity.setVersion(version + failed);
            return proceed();
        }

        @Nullable
        Object proceed() {
            try {
                return call.proceed();
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new UndeclaredThrowableException(e);
            }
        }
    }
}
