/** Notifications about the end of runs and audits: webhook and health-check ping. */
@NullMarked
package io.github.notearchive.telemetry.notify;

import org.jspecify.annotations.NullMarked;
