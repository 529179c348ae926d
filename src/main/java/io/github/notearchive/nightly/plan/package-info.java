/** Forecast of a night: due notes by class, calls, bytes, duration and end of the backlog, without any call. */
@NullMarked
package io.github.notearchive.nightly.plan;

import org.jspecify.annotations.NullMarked;
