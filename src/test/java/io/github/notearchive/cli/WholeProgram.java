package io.github.notearchive.cli;

import org.springframework.context.annotation.Import;

/** The parts put together as every command has them, for tests of other packages. */
@Import(ArchiveApplication.class)
public final class WholeProgram {}
