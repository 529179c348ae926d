package io.github.notearchive.batch;

import org.springframework.stereotype.Component;

/**
 * Gate of the jobs that make no provider calls. Work in progress is abandoned when it closes, since it can be repeated.
 */
@Component
public class JobStopper extends Gate {}
