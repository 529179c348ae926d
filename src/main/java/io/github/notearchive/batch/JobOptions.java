package io.github.notearchive.batch;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.job.parameters.JobParameter;

/**
 * Options of a command as non-identifying job parameters, so that {@code batch_job_execution_params} shows them and a
 * restart may use others.
 */
public final class JobOptions {

    private final Set<JobParameter<?>> parameters = new LinkedHashSet<>();

    /** Adds an option unless its value is null. */
    public JobOptions with(String name, @Nullable Object value) {
        if (value != null) {
            parameters.add(new JobParameter<>(name, value.toString(), String.class, false));
        }
        return this;
    }

    Set<JobParameter<?>> parameters() {
        return parameters;
    }
}
