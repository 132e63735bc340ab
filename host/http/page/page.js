"use strict";
// The embedded page: reads the REST paths beside it and draws what they say. Everything from outside reaches the
// document as text (textContent, attributes), never as markup. The build joins the scripts of this folder into one,
// this file first, controls.js last; embed.cmake has the order.

const mount = document.querySelector('meta[name="tasker-mount"]').content;
const byId = (id) => document.getElementById(id);
const POLL_MS = 1000;
const FETCH_MS = 8000;
const PAGE_SIZE = 50;
const MAX_GRAPH_STEPS = 400;
const MAX_GRAPH_NODES = 150; // steps and lanes; beyond, edges take the straight way
const MAX_STEP_ROWS = 500;
const LEAST_BETWEEN = 24; // pixels between two layers of a graph
const LEAST_NODE = 96;    // their width
const LEAST_SCALE = 0.7;   // of a graph that is too wide; smaller could not be read
