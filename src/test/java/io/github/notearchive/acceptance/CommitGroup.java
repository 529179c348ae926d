package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.KillPoint.Check;

/**
 * Rows of several workers that a run commits together, and two moments at which it is killed. The trap holds the first
 * row alone; the other workers wait meanwhile and form the group.
 *
 * @param trap holds a COMMIT with such rows
 * @param queued asserts that all workers wait for a commit
 * @param unwritten table and condition of the rows before they are written
 * @param committed query of the number of committed rows
 */
record CommitGroup(Trap trap, Check queued, String unwritten, String committed) {

    private interface Moment {
        void reach(Program run, Archive archive, long rows) throws Exception;
    }

    /** The rows are written, the COMMIT waits. */
    void killWritten(Practice night) throws Exception {
        kill(night, (_, _, _) -> {});
    }

    /** The COMMIT has succeeded. The process was stopped before, so it has not read the result. */
    void killCommitted(Practice night) throws Exception {
        kill(night, (run, archive, rows) -> {
            long before = archive.number(committed);
            run.signal("STOP");
            Trap.open(archive);
            archive.awaitNumber(committed, before + rows);
        });
    }

    private void kill(Practice night, Moment moment) throws Exception {
        try (Archive archive = night.look()) {
            trap.set(archive);
        }
        Program run = night.start("run");
        try (Archive archive = night.beside(run)) {
            Trap.awaitCaught(archive, 1);
            queued.check(night, archive);
            Trap.awaitNext(archive);
            long rows = written(archive);
            assertThat(rows).as("rows in the transaction").isGreaterThan(1);
            moment.reach(run, archive, rows);
            run.killRunning();
            Trap.remove(archive);
        }
        night.settle();
    }

    /** Returns the number of rows that an open transaction has locked. */
    private long written(Archive archive) {
        return archive.number("""
                SELECT count(*) - (SELECT count(*) FROM (SELECT FROM %1$s FOR NO KEY UPDATE SKIP LOCKED) AS unlocked)
                FROM %1$s
                """.formatted(unwritten));
    }
}
