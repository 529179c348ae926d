package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.RemapChange;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a remap.
 *
 * @param reason cause of the exit code, for an operator
 * @param execution row of {@code batch_job_execution}; null if none was created, as in a dry run
 * @param instance job instance of the execution; null if none was created
 * @param restart whether it resumed an unfinished remap
 * @param mapper version of the mapper
 * @param answers stored responses that were read, in all executions of the instance
 * @param answersNow stored responses that this execution read
 * @param left stored responses that remain to be read; null if unknown
 * @param unreadable stored responses that do not contain their note
 * @param unreadableNotes the first notes of these
 * @param changes changes by column, made or predicted, in all executions of the instance
 * @param newFields response fields that were first seen by this execution
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
        Map<String, RemapChange> changes,
        List<SchemaDrift.Found> newFields,
        Duration took) {}
