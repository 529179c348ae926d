/**
 * Log layout and filters: context of a note, outages without stack traces, redaction of secrets.
 *
 * <p>Uses: {@code batch}.
 */
@NullMarked
package io.github.notearchive.telemetry.logging;

import org.jspecify.annotations.NullMarked;
