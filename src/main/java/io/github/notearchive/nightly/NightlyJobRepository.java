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
        int version = entity.getVersion();
        return outages.<@Nullable Object>call(() -> proceed(call), () -> again(call, entity, version));
    }

    /** Returns whether a step is active and has ended a chunk; its execution context never changes. */
    private static boolean isAfterChunk(StepExecution step) {
        return step.getStatus() == BatchStatus.STARTED && step.getCommitCount() > 0;
    }

    /** Repeats an update that failed; its version shows whether it was committed nevertheless. */
    private static @Nullable Object again(MethodInvocation call, Entity entity, int version) {
        entity.setVersion(version);
        try {
            return proceed(call);
        } catch (OptimisticLockingFailureException _) {
            entity.setVersion(version + 1);
            return null;
        }
    }

    private static @Nullable Object proceed(MethodInvocation call) {
        try {
            return call.proceed();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new UndeclaredThrowableException(e);
        }
    }
}
