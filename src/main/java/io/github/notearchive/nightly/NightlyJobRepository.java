package io.github.notearchive.nightly;

import java.lang.reflect.UndeclaredThrowableException;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.Entity;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.dao.OptimisticLockingFailureException;

/**
 * Job repository of the steps of the nightly job.
 *
 * <p>Updates are repeated during an outage of the database, by {@link OutageRetry}: otherwise a step whose update fails
 * is FAILED or UNKNOWN. The execution context of a step, which never changes, is only written at its end: Spring Batch
 * writes it after each chunk, for one worker at a time.
 */
final class NightlyJobRepository {

    private NightlyJobRepository() {}

    static JobRepository of(JobRepository repository, OutageRetry outages) {
        ProxyFactory factory = new ProxyFactory(new Class<?>[] {JobRepository.class});
        factory.setTarget(repository);
        factory.addAdvice((MethodInterceptor) call -> execute(call, outages));
        return (JobRepository) factory.getProxy(NightlyJobRepository.class.getClassLoader());
    }

    private static @Nullable Object execute(MethodInvocation call, OutageRetry outages) throws Throwable {
        String method = call.getMethod().getName();
        if (!method.startsWith("update")
                || !(call.getArguments()[0] instanceof Entity entity)
                || entity.getVersion() == null) {
            return call.proceed();
        }
        Update update = new Update(call, entity, entity.getVersion());
        if (!method.equals("updateExecutionContext") || !(entity instanceof StepExecution step)) {
            return outages.<@Nullable Object>call(update::proceed, update::again);
        }
        ExecutionContext context = step.getExecutionContext();
        if (context.isDirty() || step.getStatus() != BatchStatus.STARTED) {
            outages.<@Nullable Object>call(update::proceed, update::again);
            context.clearDirtyFlag();
        }
        return null;
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
