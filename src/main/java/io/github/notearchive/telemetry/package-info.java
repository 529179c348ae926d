/**
 * Who is told of runs and audits, and what: metrics as a text file, to a Pushgateway or by OTLP; messages to a webhook;
 * pings to a service that misses a run which does not come.
 *
 * <p>{@link RunTelemetry} is the door: a command says when it begins and how it ended, and the job tells how it goes
 * on, as a {@link io.github.notearchive.job.RunObserver}.
 *
 * <p>Two rules hold everywhere in here.
 *
 * <p><b>Nobody who is told can change the result.</b> Whatever a receiver does or does not do, the exit code stays, and
 * the end comes no later than {@code archive.metrics.timeout} or {@code archive.notify.timeout}, whichever is longer.
 * What could not be told is logged once for each receiver.
 *
 * <p><b>An address is a secret.</b> Its path may be the only key to a chat room or a check, so nothing but scheme, host
 * and port of it is ever shown: see {@link SecretUrl}.
 */
@NullMarked
package io.github.notearchive.telemetry;

import org.jspecify.annotations.NullMarked;
