package io.github.notearchive.report;

import java.nio.file.Path;

/**
 * Where this machine keeps its reports.
 *
 * @param path a directory, which need not be there yet
 */
public record ReportFolder(Path path) {}
