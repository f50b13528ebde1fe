#!/usr/bin/env node
// Committed, so that there is a program to link before the first build.
import '../dist/cli.js'
