package io.github.notearchive.batch;

import io.github.notearchive.note.NoteId;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What a log line belongs to, whoever writes it: the execution of a job, and one note of it. Kept by thread; work that
 * is handed to another thread takes it along by {@link #carried}.
 */
public final class LogContext {

    /** Its row in {@code batch_job_execution}. */
    public static final String EXECUTION = "job_execution_id";

    /** The note that the thread works on. */
    public static final String NOTE = "note_id";

    private LogContext() {}

    /** All that this thread logs from now on belongs to an execution; 0: to none. */
    public static void execution(long id) {
        if (id == 0) {
            MDC.remove(EXECUTION);
        } else {
            MDC.put(EXECUTION, Long.toString(id));
        }
    }

    /** And to a note, or to none in particular. */
    public static void note(@Nullable NoteId id) {
        if (id == null) {
            MDC.remove(NOTE);
        } else {
            MDC.put(NOTE, id.value());
        }
    }

    /** It belongs to nothing any more. */
    public static void clear() {
        MDC.remove(EXECUTION);
        MDC.remove(NOTE);
    }

    /** The same work, for a thread that has no context of its own, and has none afterwards. */
    public static <T> Supplier<T> carried(Supplier<T> work) {
        Map<String, String> here = MDC.getCopyOfContextMap();
        return () -> {
            if (here != null) {
                MDC.setContextMap(here);
            }
            try {
                return work.get();
            } finally {
                MDC.clear();
            }
        };
    }
}
