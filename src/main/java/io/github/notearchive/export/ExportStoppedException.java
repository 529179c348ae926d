package io.github.notearchive.export;

/** An export was stopped before it was complete. Its files were deleted. */
public final class ExportStoppedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ExportStoppedException() {
        super("The export was stopped; its files were deleted");
    }
}
