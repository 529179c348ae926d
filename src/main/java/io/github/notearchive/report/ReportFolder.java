package io.github.notearchive.report;

import java.nio.file.Path;

/**
 * Local directory of reports.
 *
 * @param path the directory, which may not exist yet
 */
public record ReportFolder(Path path) {}
