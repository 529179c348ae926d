package io.github.notearchive.cli;

import org.springframework.context.annotation.Import;

/** Application of the commands, for tests of other packages. */
@Import(CommandContext.ArchiveApplication.class)
public final class WholeProgram {}
