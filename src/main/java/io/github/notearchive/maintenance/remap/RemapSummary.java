package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a remap did, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param execution its row in {@code batch_job_execution}; null when no execution was started, as for a dry run
 * @param instance the job instance that it belongs to; null when no execution was started
 * @param restart whether it continued an unfinished remap
 * @param mapper the version of the mapper that was applied
 * @param answers stored answers that were read, in all executions of the instance
 * @param answersNow of these, those that this execution read
 * @param left stored answers that are still to be read; null when that is not known
 * @param unreadable of those that were read, the ones that do not hold their note
 * @param unreadableNotes the first notes of them
 * @param changes what changed, or would, by column, in all executions of the instance
 * @param newFields fields of answers that were never seen before this execution
 * @param took from the start to the end
 */
public record RemapSummary(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        int mapper,
        long answers,
        long answersNow,
        @Nullable Long left,
        long unreadable,
        List<String> unreadableNotes,
        Map<String, RemapChanges.Change> changes,
        List<SchemaDrift.Found> newFields,
        Duration took) {}
