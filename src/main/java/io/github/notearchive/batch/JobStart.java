package io.github.notearchive.batch;

import org.springframework.batch.core.job.parameters.JobParameters;

/** Parameters of a new execution, and whether it restarts an unfinished instance. */
public record JobStart(JobParameters parameters, boolean restart) {}
