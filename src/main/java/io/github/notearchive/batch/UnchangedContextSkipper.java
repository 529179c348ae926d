package io.github.notearchive.batch;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.stereotype.Component;

/**
 * Skips writing the execution context of a step after a chunk if it has not changed.
 *
 * <p>Spring Batch writes the context with each chunk, changed or not, for one worker at a time
 * ({@code JdbcExecutionContextDao.updateExecutionContext} holds a lock), while the transaction of that worker is open.
 * The contexts of the nightly job never change. At its end a step always writes it.
 */
@Component
final class UnchangedContextSkipper implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (!(bean instanceof JobRepository repository)) {
            return bean;
        }
        ProxyFactory factory = new ProxyFactory(new Class<?>[] {JobRepository.class});
        factory.setTarget(repository);
        factory.addAdvice((MethodInterceptor) UnchangedContextSkipper::written);
        return factory.getProxy(getClass().getClassLoader());
    }

    private static @Nullable Object written(MethodInvocation call) throws Throwable {
        boolean isContext = call.getMethod().getName().equals("updateExecutionContext");
        if (!isContext || !(call.getArguments()[0] instanceof StepExecution step)) {
            return call.proceed();
        }
        ExecutionContext context = step.getExecutionContext();
        if (!context.isDirty() && step.getStatus() == BatchStatus.STARTED) {
            return null;
        }
        @Nullable Object result = call.proceed();
        context.clearDirtyFlag();
        return result;
    }
}
