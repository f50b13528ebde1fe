// @ts-check
import { tool } from '@langchain/core/tools'
import { z } from 'zod'

const timetable = [
  { train: 'EC 15', departs: '08:33' },
  { train: 'EC 17', departs: '10:33' },
  { train: 'EC 19', departs: '12:33' },
]

export const findTrains = tool(async ({ from, to }) => JSON.stringify(timetable.map(entry => ({ ...entry, from, to }))), {
  name: 'find_trains',
  description: 'The trains of a day between two cities.',
  schema: z.object({ from: z.string(), to: z.string() }),
})

export const bookTrain = tool(async ({ train }) => `A seat in ${train} is booked.`, {
  name: 'book_train',
  description: 'Books a seat.',
  schema: z.object({ train: z.string() }),
})
