/** Read models over all tables of the archive, for plan, report, status and metrics. Nothing here writes. */
@NullMarked
package io.github.notearchive.archive.stats;

import org.jspecify.annotations.NullMarked;
