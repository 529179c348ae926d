package io.github.notearchive.batch;

/** Names of the jobs, as stored in {@code batch_job_instance}. */
public final class JobNames {

    public static final String NIGHTLY = "archiveNotes";
    public static final String VERIFY = "verifyArchive";
    public static final String REBUILD = "rebuildArchive";

    public static final String REMAP = "remapNotes";

    private JobNames() {}
}
