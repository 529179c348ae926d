package io.github.notearchive.nightly;

import java.lang.reflect.UndeclaredThrowableException;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.batch.core.Entity;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.dao.OptimisticLockingFailureException;

/**
 * Repeats the updates of Spring Batch's tables during an outage of the database, by {@link OutageRetry}. Without it a
 * step whose update fails is FAILED or UNKNOWN.
 */
final class RepeatedUpdates {

    private RepeatedUpdates() {}

    /** Returns the repository with repeated updates. */
    static JobRepository of(JobRepository repository, OutageRetry outages) {
        ProxyFactory factory = new ProxyFactory(new Class<?>[] {JobRepository.class});
        factory.setTarget(repository);
        factory.addAdvice((MethodInterceptor) call -> proceed(call, outages));
        return (JobRepository) factory.getProxy(RepeatedUpdates.class.getClassLoader());
    }

    private static @Nullable Object proceed(MethodInvocation call, OutageRetry outages) throws Throwable {
        if (!call.getMethod().getName().startsWith("update")
                || !(call.getArguments()[0] instanceof Entity entity)
                || entity.getVersion() == null) {
            return call.proceed();
        }
        Update update = new Update(call, entity, entity.getVersion());
        return outages.<@Nullable Object>call(update::first, update::again);
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
        Object first() {
            return proceed();
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

        private @Nullable Object proceed() {
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
