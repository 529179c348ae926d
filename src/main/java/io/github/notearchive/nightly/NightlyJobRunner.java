package io.github.notearchive.nightly;

import org.springframework.batch.core.configuration.annotation.BatchObservabilityBeanPostProcessor;
import org.springframework.batch.core.scope.StepScope;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.stereotype.Component;

/**
 * Creates runs of the nightly job. Each run has its own {@link RunState} and its own reader, processor, writer, limits
 * and watchdog, in a child of the application context that is closed with the run.
 */
@Component
public class NightlyJobRunner {

    private static final Class<?>[] PARTS = {
        StepScope.class,
        BatchObservabilityBeanPostProcessor.class,
        RunState.class,
        OutageRetry.class,
        PostponementPolicy.class,
        NoteFetcher.class,
        NightlyBytes.class,
        BucketUpkeep.class,
        ProviderCheck.class,
        StartChecks.class,
        NightlyJobRepository.class,
        NightlyJob.class,
        WorklistReader.class,
        NoteDecision.class,
        NoteProcessor.class,
        MediaUploads.class,
        MediaCollector.class,
        DispositionWriter.class,
        RunReporter.class,
        RunMovement.class,
        RunSupervisor.class
    };

    private final ApplicationContext application;

    NightlyJobRunner(ApplicationContext application) {
        this.application = application;
    }

    /** Assembles a run. The caller executes and closes it. */
    public NightlyRun prepare(RunOptions options) {
        return parts(options).getBean(NightlyRun.class);
    }

    AnnotationConfigApplicationContext parts(RunOptions options) {
        AnnotationConfigApplicationContext parts = new AnnotationConfigApplicationContext();
        parts.setParent(application);
        parts.registerBean(RunOptions.class, () -> options);
        // closing the run closes its context, not the other way round
        parts.registerBean(NightlyRun.class, run -> run.setDestroyMethodName(""));
        parts.register(PARTS);
        parts.refresh();
        return parts;
    }
}
